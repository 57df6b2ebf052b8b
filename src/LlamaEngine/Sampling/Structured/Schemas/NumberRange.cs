namespace LlamaEngine.Sampling.Structured.Schemas;

/// <summary>Numbers between two bounds; null: there is no bound.</summary>
/// <param name="MultipleOf">They are whole multiples of it.</param>
internal sealed record NumberRange(
    ExactDecimal? Low = null, bool LowExclusive = false, ExactDecimal? High = null, bool HighExclusive = false, ExactDecimal? MultipleOf = null)
{
    /// <summary>All numbers.</summary>
    public bool IsAll => this is { Low: null, High: null, MultipleOf: null };

    /// <summary>Whether a number is in it.</summary>
    public bool Contains(ExactDecimal value)
    {
        int low = Low is { } least ? value.CompareTo(least) : 1, high = High is { } most ? value.CompareTo(most) : -1;
        return (low > 0 || (low == 0 && !LowExclusive)) && (high < 0 || (high == 0 && !HighExclusive))
            && (MultipleOf is not { } factor || value.IsMultipleOf(factor));
    }

    /// <summary>What a schema's keywords allow beside this.</summary>
    public NumberRange And(RawSchema schema)
    {
        NumberRange result = this;
        result = result.AtLeast(schema.Minimum, false).AtLeast(schema.ExclusiveMinimum, true);
        result = result.AtMost(schema.Maximum, false).AtMost(schema.ExclusiveMaximum, true);
        if (schema.MultipleOf is { } factor)
            result = result with { MultipleOf = MultipleOf is { } own ? ExactDecimal.LeastCommonMultiple(own, factor) : factor };
        return result;
    }

    private NumberRange AtLeast(ExactDecimal? bound, bool exclusive)
    {
        int order = bound is not { } value ? -1 : Low is { } own ? value.CompareTo(own) : 1;
        return order < 0 || (order == 0 && !exclusive) ? this : this with { Low = bound, LowExclusive = exclusive };
    }

    private NumberRange AtMost(ExactDecimal? bound, bool exclusive)
    {
        int order = bound is not { } value ? 1 : High is { } own ? value.CompareTo(own) : -1;
        return order > 0 || (order == 0 && !exclusive) ? this : this with { High = bound, HighExclusive = exclusive };
    }
}
