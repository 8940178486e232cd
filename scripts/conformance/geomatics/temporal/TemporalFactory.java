package org.opengis.temporal;

import java.util.Date;

public interface TemporalFactory {
	Instant createInstant(Date date);

	Period createPeriod(Instant beginning, Instant ending);
}
