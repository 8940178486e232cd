package org.opengis.temporal;

import java.util.Date;

public class DefaultTemporalFactory implements TemporalFactory {
	private record Moment(Date getDate) implements Instant {
	}

	private record Span(Instant getBeginning, Instant getEnding) implements Period {
	}

	public Instant createInstant(Date date) {
		return new Moment(date);
	}

	public Period createPeriod(Instant beginning, Instant ending) {
		return new Span(beginning, ending);
	}
}
