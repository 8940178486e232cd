package org.opengis.temporal;

public interface Period extends TemporalGeometricPrimitive {
}
