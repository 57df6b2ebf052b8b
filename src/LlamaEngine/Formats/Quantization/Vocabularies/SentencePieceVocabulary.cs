using LlamaEngine.Tokenization.SentencePiece;

namespace LlamaEngine.Formats.Quantization.Vocabularies;

/// <summary>
/// Translates a SentencePiece tokenizer.model into GGUF metadata. The file is a protocol-buffer message (ModelProto):
/// field 1 repeats the pieces (1: text, 2: score, 3: type), field 2 is the trainer's specification, field 3 the normalizer's.
/// </summary>
internal static class SentencePieceVocabulary
{
    private const int LargestFile = 64 << 20;
    private const int Pieces = 1, Trainer = 2, Normalizer = 3;

    /// <summary>Adds the keys of the vocabulary; returns it with the tokens that are put around every text.</summary>
    /// <exception cref="ModelFormatException">The file is damaged.</exception>
    /// <exception cref="UnsupportedModelException">It is no BPE model, or not SentencePiece's at all.</exception>
    public static (VocabularyTable Table, (string? Before, string? After) Added) Describe(
        string path, int size, Dictionary<string, object> metadata)
    {
        byte[] bytes = BoundedFile.ReadAllBytes(path, LargestFile);
        if (bytes.Length == 0 || bytes[0] != (Pieces << 3 | 2))
            throw new UnsupportedModelException($"{path} without a tokenizer.json beside it", "SentencePiece's tokenizer.model, or a tokenizer.json");
        var table = new VocabularyTable(size);
        TrainerSpec trainer = new();
        NormalizerSpec normalizer = new();
        ReadMessage(new ProtobufReader(path, bytes, 0), table, trainer, normalizer);
        trainer.RefuseOtherThanBytePairs();
        metadata["tokenizer.ggml.model"] = "llama";
        metadata["tokenizer.ggml.pre"] = "default";
        metadata["tokenizer.ggml.add_space_prefix"] = normalizer.AddsDummyPrefix;
        table.Describe(metadata, withScores: true);
        // SentencePiece's own file says nothing about added tokens; Llama and Mistral begin every text with <s>.
        return (table, (table.Find(trainer.BosPiece) is null ? null : trainer.BosPiece, null));
    }

    private static void ReadMessage(ProtobufReader message, VocabularyTable table, TrainerSpec trainer, NormalizerSpec normalizer)
    {
        int count = 0;
        while (message.TryNext())
        {
            switch (message.Field)
            {
                case Pieces:
                    ReadPiece(message.ReadMessage(), table, count++);
                    break;
                case Trainer:
                    trainer.Read(message.ReadMessage());
                    break;
                case Normalizer:
                    normalizer.Read(message.ReadMessage());
                    break;
                default:
                    message.Skip();
                    break;
            }
        }
    }

    private static void ReadPiece(ProtobufReader piece, VocabularyTable table, int id)
    {
        string text = "";
        float score = 0;
        int type = TokenTypes.Normal;
        while (piece.TryNext())
        {
            switch (piece.Field)
            {
                case 1:
                    text = piece.ReadText();
                    break;
                case 2:
                    score = piece.ReadFloat();
                    break;
                case 3:
                    type = (int)piece.ReadInteger();
                    break;
                default:
                    piece.Skip();
                    break;
            }
        }
        table.Set(id, text, type, score);
    }
}
