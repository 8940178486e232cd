package org.opengis.temporal;

/** How one time lies to another (ISO 19108, 5.2.3.5). */
public enum RelativePosition {
	BEFORE, MEETS, OVERLAPS, BEGINS, BEGUN_BY, DURING, CONTAINS, EQUALS, OVERLAPPED_BY, ENDS, ENDED_BY, MET_BY, AFTER;

	static RelativePosition of(long begin, long end, long from, long to) {
		int first = Long.compare(begin, from), last = Long.compare(end, to);
		if (end < from)
			return BEFORE;
		if (begin > to)
			return AFTER;
		if (first == 0)
			return last == 0 ? EQUALS : last < 0 ? BEGINS : BEGUN_BY;
		if (last == 0)
			return first > 0 ? ENDS : ENDED_BY;
		if (end == from)
			return MEETS;
		if (begin == to)
			return MET_BY;
		if (first > 0)
			return last < 0 ? DURING : OVERLAPPED_BY;
		return last > 0 ? CONTAINS : OVERLAPS;
	}
}
