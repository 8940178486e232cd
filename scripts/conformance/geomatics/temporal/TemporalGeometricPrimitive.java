package org.opengis.temporal;

/** An instant or a period. */
public interface TemporalGeometricPrimitive {
	Instant getBeginning();

	Instant getEnding();

	default RelativePosition relativePosition(TemporalGeometricPrimitive other) {
		return RelativePosition.of(getBeginning().getDate().getTime(), getEnding().getDate().getTime(), other.getBeginning().getDate().getTime(),
				other.getEnding().getDate().getTime());
	}
}
