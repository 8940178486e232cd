package org.opengis.cite.geomatics;

import org.w3c.dom.Element;
import org.w3c.dom.Node;

/** How two geometries in the same system lie to one another. */
public class TopologicalRelationships {
	public static boolean isSpatiallyRelated(SpatialOperator operator, Node first, Node second) {
		Element a = (Element) first, b = (Element) second;
		if (operator != SpatialOperator.INTERSECTS || !Gml.system(a).equals(Gml.system(b))) {
			throw new IllegalArgumentException(operator + " of " + Gml.system(a) + " and " + Gml.system(b));
		}
		return Gml.geometry(a).intersects(Gml.geometry(b));
	}
}
