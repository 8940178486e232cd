package org.opengis.cite.geomatics.gml;

import java.time.ZonedDateTime;
import java.util.Date;

import org.opengis.temporal.DefaultTemporalFactory;
import org.opengis.temporal.Instant;
import org.opengis.temporal.TemporalFactory;
import org.opengis.temporal.TemporalGeometricPrimitive;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/** Patches of surfaces are read as they are; times have both a date and a clock. */
public class GmlUtils {
	private static final TemporalFactory TIMES = new DefaultTemporalFactory();

	public static boolean checkForAbstractSurfacePatchTypes(Node node) {
		return false;
	}

	public static Element handleAbstractSurfacePatch(Node node) {
		return (Element) node;
	}

	public static TemporalGeometricPrimitive gmlToTemporalGeometricPrimitive(Element time) {
		if (time.getLocalName().equals("TimeInstant"))
			return position(time, "timePosition");
		return TIMES.createPeriod(position(time, "beginPosition"), position(time, "endPosition"));
	}

	private static Instant position(Element time, String name) {
		Node position = time.getElementsByTagNameNS(time.getNamespaceURI(), name).item(0);
		return TIMES.createInstant(Date.from(ZonedDateTime.parse(position.getTextContent()).toInstant()));
	}
}
