package org.opengis.cite.geomatics;

import java.math.BigDecimal;

import jakarta.xml.bind.JAXBException;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;

import org.apache.sis.geometry.GeneralEnvelope;
import org.opengis.geometry.Envelope;
import org.opengis.util.FactoryException;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/** Boxes to and from GML 3.2 and OWS Common. */
public class Extents {
	private static final String GML = "http://www.opengis.net/gml/3.2";

	public static Envelope calculateEnvelopeUsingSingleGeometry(NodeList geometries) throws JAXBException {
		Element first = (Element) geometries.item(0);
		org.locationtech.jts.geom.Envelope box = Gml.geometry(first).getEnvelopeInternal();
		try {
			GeneralEnvelope envelope = new GeneralEnvelope(GeodesyUtils.system(Gml.system(first)));
			envelope.setEnvelope(box.getMinX(), box.getMinY(), box.getMaxX(), box.getMaxY());
			return envelope;
		}
		catch (FactoryException e) {
			throw new JAXBException(e);
		}
	}

	/** An `ows:BoundingBox`, `ows:WGS84BoundingBox` or `gml:Envelope`. */
	public static Envelope createEnvelope(Node node) throws FactoryException {
		Element element = (Element) node;
		String crs = element.getAttribute("crs").isEmpty() ? element.getAttribute("srsName") : element.getAttribute("crs");
		GeneralEnvelope envelope = new GeneralEnvelope(GeodesyUtils.system(crs));
		double[] sides = new double[4];
		int n = 0;
		for (Element corner : Gml.children(element)) {
			for (String number : corner.getTextContent().trim().split("\\s+")) {
				sides[n++] = Double.parseDouble(number);
			}
		}
		envelope.setEnvelope(sides);
		return envelope;
	}

	public static Document envelopeAsGML(Envelope envelope) {
		try {
			DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
			factory.setNamespaceAware(true);
			Document document = factory.newDocumentBuilder().newDocument();
			Element root = document.createElementNS(GML, "gml:Envelope");
			root.setAttribute("srsName", GeodesyUtils.name(envelope.getCoordinateReferenceSystem()));
			document.appendChild(root);
			corner(root, "gml:lowerCorner", envelope.getMinimum(0), envelope.getMinimum(1));
			corner(root, "gml:upperCorner", envelope.getMaximum(0), envelope.getMaximum(1));
			return document;
		}
		catch (ParserConfigurationException | FactoryException e) {
			throw new RuntimeException(e);
		}
	}

	private static void corner(Element root, String name, double first, double second) {
		Element corner = root.getOwnerDocument().createElementNS(GML, name);
		corner.setTextContent(BigDecimal.valueOf(first).toPlainString() + " " + BigDecimal.valueOf(second).toPlainString());
		root.appendChild(corner);
	}
}
