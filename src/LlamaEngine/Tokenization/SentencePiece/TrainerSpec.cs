namespace LlamaEngine.Tokenization.SentencePiece;

/// <summary>What matters of SentencePiece's TrainerSpec: how the model was trained, and its special pieces.</summary>
internal sealed class TrainerSpec
{
    private const long BytePairs = 2;
    private long _modelType = 1;

    /// <summary>Characters without a piece become pieces of their bytes.</summary>
    public bool HasByteFallback { get; private set; }

    /// <summary>The space that belongs to a word stands behind it.</summary>
    public bool PutsSpaceBehind { get; private set; }

    /// <summary>What an unknown piece says when decoded.</summary>
    public string UnknownSurface { get; private set; } = " \u2047 ";

    /// <summary>The piece that begins a sequence.</summary>
    public string BosPiece { get; private set; } = "<s>";

    /// <summary>The piece that ends a sequence.</summary>
    public string EosPiece { get; private set; } = "</s>";

    /// <summary>Reads the message.</summary>
    public void Read(ProtobufReader reader)
    {
        while (reader.TryNext())
        {
            switch (reader.Field)
            {
                case 3:
                    _modelType = reader.ReadInteger();
                    break;
                case 24:
                    PutsSpaceBehind = reader.ReadInteger() != 0;
                    break;
                case 35:
                    HasByteFallback = reader.ReadInteger() != 0;
                    break;
                case 44:
                    UnknownSurface = reader.ReadText();
                    break;
                case 46:
                    BosPiece = reader.ReadText();
                    break;
                case 47:
                    EosPiece = reader.ReadText();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
    }

    /// <summary>Refuses the other kinds of models that SentencePiece can make.</summary>
    public void RefuseOtherThanBytePairs()
    {
        if (_modelType == BytePairs)
            return;
        string name = _modelType switch { 1 => "unigram", 3 => "word", 4 => "character", _ => $"type {_modelType}" };
        throw new UnsupportedModelException($"a SentencePiece model of type {name}", "SentencePiece BPE");
    }
}
