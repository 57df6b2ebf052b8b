using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

/// <summary>The methods of Python's <c>list</c> and <c>tuple</c> that leave them as they are.</summary>
internal static class ListMethods
{
    public static Func<Sequence, Arguments, object?>? Find(string name) => name switch
    {
        "index" => (sequence, arguments) => IndexOf(sequence, arguments),
        "count" => (sequence, arguments) => Count(sequence, arguments),
        "copy" => (sequence, _) => sequence,
        _ => null,
    };

    private static BigInteger IndexOf(Sequence sequence, Arguments arguments)
    {
        object? wanted = arguments.Next("value");
        int start = Math.Max(0, arguments.NextInt("start", 0));
        int stop = Math.Min(sequence.Count, arguments.NextInt("stop", sequence.Count));
        arguments.End();
        for (int i = start; i < stop; i++)
        {
            if (Comparison.AreEqual(sequence.Items[i], wanted))
                return new BigInteger(i);
        }
        throw new ChatTemplateException($"{PythonText.Repr(wanted)} is not in {PythonType.Name(sequence)}");
    }

    private static BigInteger Count(Sequence sequence, Arguments arguments)
    {
        object? wanted = arguments.Next("value");
        arguments.End();
        return new BigInteger(sequence.Items.Count(item => Comparison.AreEqual(item, wanted)));
    }
}
