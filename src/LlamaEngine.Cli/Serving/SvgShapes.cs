using System.Globalization;
using System.Xml;

namespace LlamaEngine.Cli.Serving;

/// <summary>The few shapes of SVG that a plot is made of.</summary>
internal sealed class SvgShapes(XmlWriter xml)
{
    /// <summary>A filled rectangle.</summary>
    public void Rectangle(double x, double y, double width, double height, string fill) =>
        Element("rect", ("x", Number(x)), ("y", Number(y)), ("width", Number(width)), ("height", Number(height)), ("fill", fill));

    /// <summary>A thin line.</summary>
    public void Line(double x1, double y1, double x2, double y2, string stroke) =>
        Element("line", ("x1", Number(x1)), ("y1", Number(y1)), ("x2", Number(x2)), ("y2", Number(y2)), ("stroke", stroke));

    /// <summary>Points, joined by lines.</summary>
    public void Curve(IReadOnlyList<(double X, double Y)> points, string stroke)
    {
        string path = string.Join(' ', points.Select(point => $"{Number(point.X)},{Number(point.Y)}"));
        Element("polyline", ("points", path), ("fill", "none"), ("stroke", stroke), ("stroke-width", "2"));
        foreach ((double x, double y) in points)
            Element("circle", ("cx", Number(x)), ("cy", Number(y)), ("r", "3"), ("fill", stroke));
    }

    /// <summary>A line of text. Characters that XML cannot hold become U+FFFD: names come out of model files.</summary>
    /// <param name="anchor">Which part of it is at x: start, middle or end.</param>
    public void Text(double x, double y, string text, string anchor, string fill = "#333333", int size = 12)
    {
        xml.WriteStartElement("text");
        Attributes(("x", Number(x)), ("y", Number(y)), ("text-anchor", anchor), ("fill", fill), ("font-size", Number(size)));
        xml.WriteString(string.Concat(text.EnumerateRunes().Select(rune => rune.Value < ' ' || rune.Value is 0xFFFE or 0xFFFF ? "\uFFFD" : rune.ToString())));
        xml.WriteEndElement();
    }

    private void Element(string name, params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        xml.WriteStartElement(name);
        Attributes(attributes);
        xml.WriteEndElement();
    }

    private void Attributes(params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        foreach ((string name, string value) in attributes)
            xml.WriteAttributeString(name, value);
    }

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
