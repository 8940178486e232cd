package com.occamlab.te.saxon;

import net.sf.saxon.expr.JPConverter;
import net.sf.saxon.expr.PJConverter;
import net.sf.saxon.expr.XPathContext;
import net.sf.saxon.om.ValueRepresentation;
import net.sf.saxon.trans.XPathException;
import net.sf.saxon.value.Closure;
import net.sf.saxon.value.EmptySequence;
import net.sf.saxon.value.SequenceExtent;
import net.sf.saxon.value.SingletonNode;
import net.sf.saxon.value.Value;

/** Values between Java and Saxon 9.1, which has converters where 9.0 had methods of values. */
public class Convert {
	public static Object toJava(ValueRepresentation from, Class to, XPathContext context) throws XPathException {
		Value value = Value.asValue(from);
		if (value instanceof Closure) {
			value = Value.asValue(SequenceExtent.makeSequenceExtent(value.iterate()));
		}
		ValueRepresentation plain = value instanceof SingletonNode ? ((SingletonNode) value).getNode() : value;
		PJConverter converter = PJConverter.allocate(context.getConfiguration(),
				value.getItemType(context.getConfiguration().getTypeHierarchy()), value.getCardinality(), to);
		return converter.convert(plain == null ? value : plain, to, context);
	}

	public static Value toXPath(Object from, XPathContext context) throws XPathException {
		Class as = from instanceof org.w3c.dom.Node ? org.w3c.dom.Node.class : from.getClass();
		return Value.asValue(JPConverter.allocate(as, context.getConfiguration()).convert(from, context));
	}

	public static ValueRepresentation value(Object from, XPathContext context) throws XPathException {
		if (from == null) {
			return EmptySequence.getInstance();
		}
		return from instanceof ValueRepresentation ? (ValueRepresentation) from : toXPath(from, context);
	}
}
