using System.Text.Json;
using System.Text.Json.Nodes;

namespace LlamaEngine.Fuzz.Seeds;

/// <summary>Small vocabularies of both kinds: byte-level BPE, and SentencePiece BPE with byte fallback.</summary>
internal static class TinyVocabulary
{
    /// <summary>Tokens of each: 256 bytes, some merges, some special tokens.</summary>
    public const int Size = 290;

    private static readonly string[] s_merges =
    [
        "h e", "l l", "he ll", "hell o", "Ġ w", "o r", "Ġw or", "l d", "Ġwor ld", "t h", "th e", "Ġ the", "i n", "in g", "1 2", "12 3", "Ġ Ġ", "ĠĠ Ġ", "a n", "an d",
    ];

    private static readonly string[] s_words = ["he", "ll", "hell", "hello", " w", "or", " wor"];

    private static readonly string[] s_specials = ["<s>", "</s>", "<|eot_id|>", "<|start_header_id|>", "<pad>", "user"];

    /// <summary>GGUF metadata of the byte-level vocabulary.</summary>
    public static Dictionary<string, object> ByteLevelMetadata(string pre)
    {
        string[] tokens = ByteLevelTokens();
        return new Dictionary<string, object>
        {
            ["tokenizer.ggml.model"] = "gpt2",
            ["tokenizer.ggml.pre"] = pre,
            ["tokenizer.ggml.tokens"] = tokens,
            ["tokenizer.ggml.token_type"] = tokens.Select(token => s_specials.Contains(token) ? 3 : 1).ToArray(),
            ["tokenizer.ggml.merges"] = s_merges,
            ["tokenizer.ggml.bos_token_id"] = 276u,
            ["tokenizer.ggml.eos_token_id"] = 277u,
            ["tokenizer.ggml.add_bos_token"] = true,
            ["tokenizer.chat_template"] = "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}",
        };
    }

    /// <summary>GGUF metadata of the SentencePiece vocabulary.</summary>
    public static Dictionary<string, object> PiecesMetadata()
    {
        (string Text, float Score, int Type)[] pieces = Pieces();
        return new Dictionary<string, object>
        {
            ["tokenizer.ggml.model"] = "llama",
            ["tokenizer.ggml.tokens"] = pieces.Select(piece => piece.Text).ToArray(),
            ["tokenizer.ggml.scores"] = pieces.Select(piece => piece.Score).ToArray(),
            ["tokenizer.ggml.token_type"] = pieces.Select(piece => piece.Type).ToArray(),
            ["tokenizer.ggml.bos_token_id"] = 1u,
            ["tokenizer.ggml.eos_token_id"] = 2u,
            ["tokenizer.ggml.unknown_token_id"] = 0u,
            ["tokenizer.ggml.add_space_prefix"] = true,
        };
    }

    /// <summary>A tokenizer.json of the byte-level vocabulary.</summary>
    /// <param name="preTokenizer">Its pre-tokenizer, as JSON.</param>
    public static byte[] ByteLevelJson(string preTokenizer)
    {
        string[] tokens = ByteLevelTokens();
        int specials = Array.IndexOf(tokens, s_specials[0]);
        var vocabulary = new JsonObject(tokens.Take(specials).Select((token, id) => KeyValuePair.Create(token, (JsonNode?)id)));
        return Json(vocabulary, tokens.Skip(specials).Take(s_specials.Length).Select((token, i) => Added(specials + i, token)), byteFallback: false,
            "null", preTokenizer, """{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true}""");
    }

    /// <summary>A tokenizer.json of the SentencePiece vocabulary.</summary>
    public static byte[] PiecesJson()
    {
        (string Text, float Score, int Type)[] pieces = Pieces();
        var vocabulary = new JsonObject(pieces.Select((piece, id) => KeyValuePair.Create(piece.Text, (JsonNode?)id)));
        return Json(vocabulary, [Added(0, "<unk>"), Added(1, "<s>"), Added(2, "</s>")], byteFallback: true,
            """{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}""", "null",
            """{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}""");
    }

    /// <summary>A SentencePiece tokenizer.model.</summary>
    public static byte[] PiecesModel()
    {
        byte[] trainer = [0x18, 2, 0xC0, 2, 0, 0xC8, 2, 1, 0xD0, 2, 2], normalizer = [0x0A, 8, .. "identity"u8, 0x18, 1, 0x20, 0, 0x28, 1];
        return
        [
            .. Pieces().SelectMany(piece => Piece(piece.Text, piece.Score, piece.Type)),
            0x12, (byte)trainer.Length, .. trainer, 0x1A, (byte)normalizer.Length, .. normalizer,
        ];
    }

    /// <summary>A tokenizer.model in tiktoken's form: bytes in base 64 and their rank, one a line.</summary>
    public static byte[] Tiktoken()
    {
        IEnumerable<byte[]> bytes = Enumerable.Range(0, 256).Select(value => new[] { (byte)value });
        IEnumerable<byte[]> words = s_words.Select(System.Text.Encoding.UTF8.GetBytes);
        return System.Text.Encoding.UTF8.GetBytes(string.Concat(bytes.Concat(words).Select((token, rank) => $"{Convert.ToBase64String(token)} {rank}\n")));
    }

    private static byte[] Json(JsonObject vocabulary, IEnumerable<string> added, bool byteFallback, string normalizer, string preTokenizer, string decoder)
    {
        string merges = byteFallback
            ? """["▁ w","h e","l l","he ll","hell o"]"""
            : JsonSerializer.Serialize(new JsonArray([.. s_merges.Select(merge => (JsonNode)new JsonArray([.. merge.Split(' ').Select(part => JsonValue.Create(part))]))]));
        string byteFallbackText = byteFallback ? "true" : "false", unknown = byteFallback ? "\"<unk>\"" : "null";
        return System.Text.Encoding.UTF8.GetBytes($$$"""
            {"version":"1.0","added_tokens":[{{{string.Join(",", added)}}}],"normalizer":{{{normalizer}}},"pre_tokenizer":{{{preTokenizer}}},
            "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
            "pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],"special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]} } },
            "decoder":{{{decoder}}},"model":{"type":"BPE","dropout":null,"unk_token":{{{unknown}}},"continuing_subword_prefix":null,
            "end_of_word_suffix":null,"fuse_unk":{{{byteFallbackText}}},"byte_fallback":{{{byteFallbackText}}},
            "ignore_merges":false,"vocab":{{{vocabulary.ToJsonString()}}},"merges":{{{merges}}} } }
            """);
    }

    private static string Added(int id, string content) =>
        $$"""{"id":{{id}},"content":"{{content}}","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}""";

    private static string[] ByteLevelTokens()
    {
        string[] tokens = [.. Enumerable.Range(0, 256).Select(ByteLevelCharacter), .. s_merges.Select(merge => merge.Replace(" ", "", StringComparison.Ordinal)), .. s_specials];
        return [.. tokens, .. Enumerable.Range(tokens.Length, Size - tokens.Length).Select(id => $"[PAD{id}]")];
    }

    /// <summary>GPT-2's stand-in for a byte: itself if it is printable, else the next free code point from 256 on.</summary>
    private static string ByteLevelCharacter(int value)
    {
        bool printable = IsPrintable(value);
        int hidden = Enumerable.Range(0, value).Count(earlier => !IsPrintable(earlier));
        return ((char)(printable ? value : 256 + hidden)).ToString();

        static bool IsPrintable(int value) => value is (>= 33 and <= 126) or (>= 161 and <= 172) or >= 174;
    }

    private static (string Text, float Score, int Type)[] Pieces()
    {
        string[] words = ["▁", "h", "e", "l", "o", "w", "r", "d", "▁w", "he", "ll", "hell", "hello", "▁▁"];
        return
        [
            ("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3),
            .. Enumerable.Range(0, 256).Select(value => ($"<0x{value:X2}>", 0f, 6)),
            .. words.Select((word, i) => (word, (float)-i, 1)),
            .. Enumerable.Range(0, Size - 259 - words.Length).Select(i => ($"▁t{i}", -100f - i, 1)),
        ];
    }

    private static byte[] Piece(string text, float score, int type)
    {
        byte[] utf8 = System.Text.Encoding.UTF8.GetBytes(text);
        byte[] body = [0x0A, (byte)utf8.Length, .. utf8, 0x15, .. BitConverter.GetBytes(score), 0x18, (byte)type];
        return [0x0A, (byte)body.Length, .. body];
    }
}
