package org.opengis.cite.geomatics;

import java.util.ArrayList;
import java.util.List;

import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.geom.LinearRing;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/** Simple features in GML 3.2, in the order of axes that they are written in. */
class Gml {
	private static final GeometryFactory FACTORY = new GeometryFactory();

	static Geometry geometry(Element element) {
		switch (element.getLocalName()) {
			case "Point":
				return FACTORY.createPoint(coordinates(element)[0]);
			case "LineString":
			case "LineStringSegment":
				return FACTORY.createLineString(coordinates(element));
			case "Polygon":
			case "PolygonPatch":
				return polygon(element);
			default:
				List<Geometry> parts = new ArrayList<>();
				for (Element part : parts(element)) {
					parts.add(geometry(part));
				}
				return FACTORY.buildGeometry(parts);
		}
	}

	private static Geometry polygon(Element element) {
		LinearRing outer = null;
		List<LinearRing> holes = new ArrayList<>();
		for (Element side : children(element)) {
			LinearRing ring = FACTORY.createLinearRing(coordinates(children(side).get(0)));
			if (side.getLocalName().equals("exterior")) {
				outer = ring;
			}
			else {
				holes.add(ring);
			}
		}
		return FACTORY.createPolygon(outer, holes.toArray(new LinearRing[0]));
	}

	/** The geometries that a collection, a curve or a surface is made of. */
	private static List<Element> parts(Element element) {
		List<Element> parts = new ArrayList<>();
		for (Element member : children(element)) {
			parts.addAll(children(member));
		}
		return parts;
	}

	private static Coordinate[] coordinates(Element element) {
		List<Coordinate> all = new ArrayList<>();
		for (Element list : children(element)) {
			String[] numbers = list.getTextContent().trim().split("\\s+");
			String size = list.getAttribute("srsDimension").isEmpty() ? element.getAttribute("srsDimension") : list.getAttribute("srsDimension");
			int step = list.getLocalName().equals("pos") ? numbers.length : size.isEmpty() ? 2 : Integer.parseInt(size);
			for (int i = 0; i + 1 < numbers.length; i += step) {
				all.add(new Coordinate(Double.parseDouble(numbers[i]), Double.parseDouble(numbers[i + 1])));
			}
		}
		return all.toArray(new Coordinate[0]);
	}

	static List<Element> children(Element element) {
		List<Element> all = new ArrayList<>();
		for (Node node = element.getFirstChild(); node != null; node = node.getNextSibling()) {
			if (node instanceof Element) {
				all.add((Element) node);
			}
		}
		return all;
	}

	/** The system that is named by an element or by what it stands in. */
	static String system(Element element) {
		for (Node node = element; node instanceof Element; node = node.getParentNode()) {
			if (!((Element) node).getAttribute("srsName").isEmpty()) {
				return ((Element) node).getAttribute("srsName");
			}
		}
		return "";
	}
}
