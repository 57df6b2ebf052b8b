namespace LlamaEngine.Devices;

/// <summary>What is wrong with a host list.</summary>
internal enum HostListFault
{
    /// <summary>Nothing stands where a name should: an empty list, two commas in a row, one at an end.</summary>
    EmptyName,

    /// <summary>A blank or a control character.</summary>
    ForbiddenCharacter,

    /// <summary>An opening bracket without its end.</summary>
    UnclosedBracket,

    /// <summary>A closing bracket without its beginning, or brackets inside each other.</summary>
    UnexpectedBracket,

    /// <summary>No number where a range should have one.</summary>
    MissingNumber,

    /// <summary>A number of more digits than are read.</summary>
    NumberTooLong,

    /// <summary>A range that ends before it begins.</summary>
    ReversedRange,

    /// <summary>A name of more characters than a host may have.</summary>
    NameTooLong,

    /// <summary>More names than are made.</summary>
    TooManyNames,
}

/// <summary>A host list is not what SLURM writes.</summary>
internal sealed class HostListException(HostListFault fault, int position)
    : FormatException($"{Describe(fault)} at character {position + 1}")
{
    /// <summary>What is wrong.</summary>
    public HostListFault Fault => fault;

    /// <summary>Where, as an index of the text.</summary>
    public int Position => position;

    private static string Describe(HostListFault fault) => fault switch
    {
        HostListFault.EmptyName => "an empty name",
        HostListFault.ForbiddenCharacter => "a blank or control character",
        HostListFault.UnclosedBracket => "a bracket that is not closed",
        HostListFault.UnexpectedBracket => "a bracket that does not belong there",
        HostListFault.MissingNumber => "no number where a range needs one",
        HostListFault.NumberTooLong => $"a number of more than {HostList.MaxDigits} digits",
        HostListFault.ReversedRange => "a range that ends before it begins",
        HostListFault.NameTooLong => $"a name of more than {HostList.MaxNameLength} characters",
        _ => $"more than {HostList.MaxNames} names",
    };
}
