namespace LlamaEngine.Rag.Tests.Ingestion;

public sealed class HtmlReaderTests
{
    private static string[] Texts(string text) => ReaderHelp.Texts("a.html", text);

    [Fact]
    public void A_page_gives_title_headings_and_lines()
    {
        const string Page = """
            <!doctype html>
            <html><head><title>The
              Harbour</title><style>p { color: red }</style></head>
            <body>
            <nav><a href="/">Home</a></nav>
            <h1>Harbour <em>office</em></h1>
            <p>First
               paragraph.<p>Second, after an unclosed one.
            <script>document.write("<p>no</p>")</script>
            <div>loose text
              <ul><li>one<li>two <ul><li>inner</ul></ul>
              after
            </div>
            <h2>Hours</h2>
            <pre>
            Mo  9-17
              Tu  9-12
            </pre>
            <dl><dt>Fee</dt><dd>2 crowns</dd></dl>
            <!-- a
            comment -->tail
            </body></html>
            """;

        Assert.Equal("The Harbour", ReaderHelp.Read("a.htm", Page).Title);
        Assert.Equal(
        [
            "7|Harbour office|First paragraph.",
            "8|Harbour office|Second, after an unclosed one.",
            "10|Harbour office|loose text",
            "11|Harbour office|one",
            "11|Harbour office|two",
            "11|Harbour office|inner",
            "12|Harbour office|after",
            "15|Harbour office › Hours|Mo  9-17\n  Tu  9-12",
            "19|Harbour office › Hours|Fee",
            "19|Harbour office › Hours|2 crowns",
            "21|Harbour office › Hours|tail",
        ], ReaderHelp.Blocks("a.html", Page));
    }

    [Fact]
    public void Rows_of_tables_name_their_columns()
    {
        Assert.Equal(
            ["Lights", "Name: Old Light; Built: 1871", "Name: New Light; Colour: red and white"],
            Texts("""
                <table><caption>Lights</caption><thead><tr><th>Name<th>Built<th>Colour:</thead>
                <tr><td><b>Old</b> Light<td>1871</tr><tr><td>New<br>Light<td><td>red <p>and white</p></tr></table>
                """));
        Assert.Equal(["Height: 31 m", "Colour: red, white"], Texts("<table><tr><th>Height<td>31 m<tr><th>Colour<td>red<td>white</table>"));
        Assert.Equal(["a, b", "c"], Texts("<table><tr><td>a<td>b<tr><td>c<td></table>"));
        Assert.Equal(["A: x; C: z"], Texts("<table><tr><th colspan=2>A<th>C<tr><td>x<td><td>z</table>"));
        Assert.Equal(["A, B", "x, y", "z"], Texts("<table><tr><th>A<th>B<tr><td rowspan=2>x<td>y<tr><td>z</table>"));
        Assert.Equal(["Menu", "Body text."], Texts("<table><tr><td><ul><li>Menu</ul><td><p>Body text.</p></table>"));
    }

    [Theory]
    [InlineData("<p hidden>no</p><p aria-hidden=true>no</p><p style='color: red; display : none'>no</p><p style='visibility:hidden'>no</p><p>yes</p>")]
    [InlineData("<body><template><p>no</p></template><noscript>no</noscript><iframe src=http://127.0.0.1:1/>no</iframe><p>yes</p>")]
    [InlineData("<p>ye<span hidden>no</span>s<img src=http://127.0.0.1:1/x.png alt=no onerror=alert(1)></p><svg><text>no</text></svg>")]
    [InlineData("<select><option>no</option></select><button>no</button><textarea>no</textarea><div role=navigation>no</div>yes")]
    [InlineData("<dialog>no</dialog><body onload=alert(1)>yes")]
    public void What_is_not_seen_is_not_read(string html) => Assert.Equal(["yes"], Texts(html));

    [Theory]
    [InlineData("<p>Say &lt;|eot_id|&gt; and <|eot_id|>.</p>", "Say <|eot_id|> and <|eot_id|>.")]
    [InlineData("<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>", "<script>alert(1)</script>")]
    [InlineData("<p>a&nbsp;&shy;b &#x202E;c<wbr>d</p>", "a b c d")]
    [InlineData("plain text only", "plain text only")]
    [InlineData("<div><p>Mixed <b>bold</b>, <a href=x>link</a></p></div>", "Mixed bold, link")]
    public void Entities_and_markup_become_text(string html, string text) => Assert.Equal([text], Texts(html));

    [Theory]
    [InlineData("")]
    [InlineData("<html></html>")]
    [InlineData("<frameset><frame src=x></frameset>")]
    public void Nothing_to_read_is_no_error(string html)
    {
        DocumentContent content = ReaderHelp.Read("folder/empty.html", html);
        Assert.Empty(content.Blocks);
        Assert.Equal("empty", content.Title);
    }

    [Theory]
    [InlineData("<div>", 900)]
    [InlineData("<div><span>", 400)]
    [InlineData("<ul><li>", 900)]
    [InlineData("<p>", 20_000)]
    [InlineData("<div></b></i><div></div></div>", 20_000)]
    [InlineData("<table><tr><td>", 300)]
    public void Deep_nesting_loses_no_text(string part, int times) => Assert.Equal("end", Texts(string.Concat(Enumerable.Repeat(part, times)) + "end").Single());

    [Theory]
    [InlineData("<div>")]
    [InlineData("<div></b>")]
    [InlineData("<b><p>")]
    [InlineData("<ul><li>")]
    [InlineData("<x></y>")]
    public void Nesting_without_end_is_refused(string part)
    {
        string html = string.Concat(Enumerable.Repeat(part, 1_001)) + "end";
        Assert.Contains("1,000 elements", Assert.Throws<DocumentFormatException>(() => Texts(html)).Message);
    }
}
