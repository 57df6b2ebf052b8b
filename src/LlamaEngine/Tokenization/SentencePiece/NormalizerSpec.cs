namespace LlamaEngine.Tokenization.SentencePiece;

/// <summary>SentencePiece's NormalizerSpec.</summary>
internal sealed class NormalizerSpec
{
    /// <summary>A text gets a space in front.</summary>
    public bool AddsDummyPrefix { get; private set; } = true;

    /// <summary>Spaces at the ends go, and of several in a row one stays.</summary>
    public bool RemovesExtraSpaces { get; private set; } = true;

    /// <summary>Spaces are written as ▁.</summary>
    public bool EscapesSpaces { get; private set; } = true;

    /// <summary>The table of characters to rewrite; empty: none.</summary>
    public byte[] CharsMap { get; private set; } = [];

    /// <summary>Reads the message.</summary>
    public void Read(ProtobufReader reader)
    {
        while (reader.TryNext())
        {
            switch (reader.Field)
            {
                case 2:
                    CharsMap = reader.ReadBytes().ToArray();
                    break;
                case 3:
                    AddsDummyPrefix = reader.ReadInteger() != 0;
                    break;
                case 4:
                    RemovesExtraSpaces = reader.ReadInteger() != 0;
                    break;
                case 5:
                    EscapesSpaces = reader.ReadInteger() != 0;
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
    }
}
