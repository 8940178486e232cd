package org.opengis.temporal;

import java.util.Date;

/** Begins and ends at once. */
public interface Instant extends TemporalGeometricPrimitive {
	Date getDate();

	default Instant getBeginning() {
		return this;
	}

	default Instant getEnding() {
		return this;
	}
}
