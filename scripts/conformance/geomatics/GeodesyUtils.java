package org.opengis.cite.geomatics;

import org.apache.sis.geometry.ImmutableEnvelope;
import org.apache.sis.referencing.CRS;
import org.apache.sis.referencing.CommonCRS;
import org.apache.sis.referencing.IdentifiedObjects;
import org.opengis.referencing.crs.CoordinateReferenceSystem;
import org.opengis.util.FactoryException;

/** Coordinate systems by their addresses and URNs (OGC 09-048r3). */
public class GeodesyUtils {
	static final String CRS84 = "urn:ogc:def:crs:OGC:1.3:CRS84";

	/** `EPSG:9217` of an address or a URN. */
	public static String getAbbreviatedCRSIdentifier(String name) {
		String[] parts = name.split(name.startsWith("http") ? "/" : ":");
		if (parts.length < 3) {
			throw new IllegalArgumentException("Invalid CRS reference: " + name);
		}
		String authority = parts[parts.length - 3];
		return (authority.equals("crs") ? "EPSG" : authority) + ":" + parts[parts.length - 1];
	}

	public static ImmutableEnvelope getDomainOfValidity(String name) throws FactoryException {
		return new ImmutableEnvelope(CRS.getDomainOfValidity(system(name)));
	}

	static CoordinateReferenceSystem system(String name) throws FactoryException {
		return name.isEmpty() || name.equals(CRS84) ? CommonCRS.defaultGeographic() : CRS.forCode(getAbbreviatedCRSIdentifier(name));
	}

	static String name(CoordinateReferenceSystem system) throws FactoryException {
		return system == CommonCRS.defaultGeographic() ? CRS84 : "urn:ogc:def:crs:EPSG::" + IdentifiedObjects.lookupEPSG(system);
	}
}
