namespace LlamaEngine.Rag;

/// <summary>Cuts documents into pieces that a model can be shown.</summary>
public static class Chunker
{
    private const string BetweenBlocks = "\n\n";

    /// <summary>Cuts a document: whole sentences, as many as fit, neighbours overlapping, never across headings.</summary>
    /// <remarks>
    /// Table rows and list items end a sentence, lines of code are taken for sentences. A sentence that alone has too many tokens is cut between words, a
    /// word that has too many between characters; such pieces are not repeated in the next chunk. All that is not white space is in some chunk. Each
    /// sentence is counted once, each chunk a few times: the time is linear in the length as far as counting is.
    /// </remarks>
    /// <param name="document">What a reader found.</param>
    /// <param name="options">The limits.</param>
    /// <param name="countTokens">How many tokens a text takes by itself, such as <c>text => engine.Tokenizer.Encode(text).Length</c>.</param>
    /// <exception cref="ArgumentException">An option is out of range, or one character has more tokens than a chunk may have.</exception>
    public static ChunkedDocument Split(DocumentContent document, ChunkOptions options, Func<string, int> countTokens)
    {
        ArgumentNullException.ThrowIfNull(document);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(countTokens);
        options.Check();

        string text = string.Join(BetweenBlocks, document.Blocks.Select(block => block.Text));
        SentenceCutter cutter = new(text, options.MaxTokens, countTokens);
        ChunkPacker packer = new(text, options, countTokens);
        List<Chunk> chunks = [];
        int start = 0, first = 0;
        for (int i = 0; i < document.Blocks.Count; i++)
        {
            cutter.Add(start, i, document.Blocks[i].Text);
            start += document.Blocks[i].Text.Length + BetweenBlocks.Length;
            if (i + 1 < document.Blocks.Count && document.Blocks[i + 1].Heading == document.Blocks[first].Heading)
                continue;
            packer.Pack(cutter.Take(), document.Blocks, chunks);
            first = i + 1;
        }
        return new ChunkedDocument(document.Title, text, chunks);
    }
}
