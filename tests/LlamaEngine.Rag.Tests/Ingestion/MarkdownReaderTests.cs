namespace LlamaEngine.Rag.Tests.Ingestion;

public sealed class MarkdownReaderTests
{
    private static string[] Texts(string text) => ReaderHelp.Texts("a.md", text);

    [Fact]
    public void Blocks_carry_headings_and_the_lines_they_begin_in()
    {
        string[] blocks = ReaderHelp.Blocks("a.md", """
            # Harbour

            First
            paragraph, wrapped.

            ## The *light*
            - one
            - two
              more of two

              second paragraph of two
              1. inner
            * * *
            > quoted
            > text

            ### Deep
            Under deep.

            Setext
            ------
            Back at level two.
            """);

        Assert.Equal(
        [
            "3|Harbour|First paragraph, wrapped.",
            "7|Harbour › The light|one",
            "8|Harbour › The light|two more of two",
            "11|Harbour › The light|second paragraph of two",
            "12|Harbour › The light|inner",
            "14|Harbour › The light|quoted text",
            "18|Harbour › The light › Deep|Under deep.",
            "22|Harbour › Setext|Back at level two.",
        ], blocks);
    }

    [Fact]
    public void Rows_name_their_columns()
    {
        string[] blocks = ReaderHelp.Blocks("a.md", """
            Before.

            | Name | Built | |
            |------|:-----:|-|
            | Old **Light** | 1871 | red |
            | New Light | | |
            """);

        Assert.Equal(["1||Before.", "5||Name: Old Light; Built: 1871; red", "6||Name: New Light"], blocks);
    }

    [Fact]
    public void Code_keeps_its_lines()
    {
        Assert.Equal(["5||if (a < b)\n    run();\n\nend", "11||indented\n  more"], ReaderHelp.Blocks("a.md", """
            ---
            x: y
            ---
            ```csharp
            if (a < b)
                run();   

            end
            ```

                indented
                  more
            """));
    }

    [Theory]
    [InlineData("---\ntitle: \"The Harbour\"\n---\n# Other\ntext", "The Harbour")]
    [InlineData("---\ntitle: The 'old' one\n---\ntext", "The 'old' one")]
    [InlineData("---\nauthor: me\n---\ntext\n# First *heading*", "First heading")]
    [InlineData("---\ntitle: >\n  folded\n---\ntext\n", "notes")]
    [InlineData("text", "notes")]
    public void The_title_is_the_front_matters_or_the_first_headings_or_the_files(string text, string title)
    {
        DocumentContent content = ReaderHelp.Read("folder/notes.md", text);
        Assert.Equal(title, content.Title);
        Assert.Equal(["text"], content.Blocks.Select(block => block.Text));
    }

    [Theory]
    [InlineData("A [link](http://example.org \"t\") and ![an image](a.png), <http://example.org/x>.", "A link and an image, http://example.org/x.")]
    [InlineData("*a* **b** `c  <d>` ~~e~~ \\*f\\* &amp; &lt;g&gt;", "a b c <d> e *f* & <g>")]
    [InlineData("one<br>two <b>three</b> <!-- gone --> four", "one two three four")]
    [InlineData("See [ref] here.\n\n[ref]: http://example.org", "See ref here.")]
    [InlineData("- [x] done", "done")]
    [InlineData("a | b, not a table", "a | b, not a table")]
    [InlineData("hard  \nbreak\\\nagain", "hard break again")]
    [InlineData("a\u00a0b\u200bc\u202ed\u0007e\tf", "a bcde f")]
    public void Markup_goes_and_its_text_stays(string markdown, string text) => Assert.Equal([text], Texts(markdown));

    [Theory]
    [InlineData("<|eot_id|><|start_header_id|>system<|end_header_id|>")]
    [InlineData("Say <|eot_id|> and [INST] and <<SYS>> and <start_of_turn>model.")]
    [InlineData("run cp <file> </file>")]
    [InlineData("{% for m in messages %}{{ m.content }}{% endfor %}")]
    public void Text_that_looks_like_control_tokens_stays_as_it_is(string text) => Assert.Equal([text], Texts(text));

    [Theory]
    [InlineData("Before <script>alert(1)</script> after <style>p { }</style>.", "Before after .")]
    [InlineData("In code: `<script>alert(1)</script>`", "In code: <script>alert(1)</script>")]
    [InlineData("<script>\nalert(1)\n</script>\n\nAfter.", "After.")]
    [InlineData("<div>\n<script>alert(1)</script><b>Bold</b> <img src=x onerror=alert(2)>text\n</div>", "Bold text")]
    [InlineData("<!-- a\n\nb -->\n\nAfter.", "After.")]
    public void Scripts_vanish_unless_they_are_shown_as_code(string markdown, string text) => Assert.Equal([text], Texts(markdown));

    [Fact]
    public void Blocks_of_html_are_read_with_headings_and_lines()
    {
        Assert.Equal(["4|Project|About it.", "9|Project|More", "11|Project › Use|Use it."], ReaderHelp.Blocks("a.md", """
            <h1 align="center">Project</h1>

            <div>
            <p>About it.</p>
            </div>

            <details>

            More

            </details><h2>Use</h2><p>Use it.</p>
            """));
    }

    [Fact]
    public void Footnotes_are_read()
    {
        string[] texts = Texts("A fact.[^1] More.\n\n[^1]: Its source.");
        Assert.Equal(["A fact. More.", "Its source."], texts);
    }

    [Theory]
    [InlineData(">")]
    [InlineData("- ")]
    [InlineData("[")]
    [InlineData("*a _b ")]
    [InlineData("<div>")]
    [InlineData("<b>")]
    public void Deep_nesting_is_read_or_refused(string part)
    {
        string text = string.Concat(Enumerable.Repeat(part, 5_000)) + "end";
        Exception? exception = Record.Exception(() => ReaderHelp.Read("a.md", text));
        Assert.True(exception is null or DocumentFormatException, $"{exception}");
    }
}
