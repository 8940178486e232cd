package org.opengis.cite.geomatics.gml;

import org.w3c.dom.Element;
import org.w3c.dom.Node;

/** Patches of surfaces are read as they are. */
public class GmlUtils {
	public static boolean checkForAbstractSurfacePatchTypes(Node node) {
		return false;
	}

	public static Element handleAbstractSurfacePatch(Node node) {
		return (Element) node;
	}
}
