using System.Globalization;

namespace LlamaEngine.Cli.Serving;

/// <summary>One line of a plot.</summary>
/// <param name="Name">What the legend calls it.</param>
/// <param name="Values">A value a run; null where there is none.</param>
internal sealed record PlotSeries(string Name, double?[] Values);

/// <summary>A plot with axes: values from 0 on over numbers of users, which stand side by side at equal distances.</summary>
internal sealed record PlotPanel(string Title, string Unit, int[] Users, PlotSeries[] Series)
{
    private const int Left = 80, Right = 30, Top = 34, Bottom = 44, TickCount = 4;

    private static readonly string[] s_colours = ["#1f6fb4", "#d1591f"];

    /// <summary>Draws it.</summary>
    public void Draw(SvgShapes svg, int width, int top, int height)
    {
        double most = Series.SelectMany(series => series.Values).Max() ?? 0, step = NiceStep(most);
        double ceiling = Math.Max(1, Math.Ceiling(most / step)) * step;
        double floor = top + height - Bottom, plotHeight = height - Top - Bottom, plotWidth = width - Left - Right;
        DrawAxes(svg, width, floor, plotHeight, step, ceiling);
        svg.Text(Left, top + 18, $"{Title} [{Unit}]", "start", size: 13);
        for (int i = 0; i < Users.Length; i++)
            svg.Text(X(i), floor + 16, Users[i].ToString(CultureInfo.InvariantCulture), "middle");
        svg.Text(Left + plotWidth / 2, floor + 34, "users", "middle");
        for (int i = 0; i < Series.Length; i++)
        {
            svg.Curve([.. Points(Series[i])], s_colours[i]);
            svg.Text(width - Right, top + 18 - 14 * (Series.Length - 1 - i), Series[i].Name, "end", s_colours[i]);
        }

        double X(int run) => Left + plotWidth * (run + 0.5) / Users.Length;

        IEnumerable<(double X, double Y)> Points(PlotSeries series) =>
            Enumerable.Range(0, Users.Length).Where(i => series.Values[i] is not null)
                .Select(i => (X(i), floor - plotHeight * series.Values[i]!.Value / ceiling));
    }

    /// <summary>1, 2 or 5 times a power of ten, so that a few ticks reach <paramref name="most"/>.</summary>
    public static double NiceStep(double most)
    {
        if (!(most > 0))
            return 1;
        double rough = most / TickCount, power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double[] steps = [1, 2, 5, 10];
        return power * steps.First(step => step * power >= rough * (1 - 1e-9));
    }

    private static void DrawAxes(SvgShapes svg, int width, double floor, double plotHeight, double step, double ceiling)
    {
        int ticks = (int)Math.Round(ceiling / step);
        for (int tick = 0; tick <= ticks; tick++)
        {
            double y = floor - plotHeight * tick / ticks;
            svg.Line(Left, y, width - Right, y, tick == 0 ? "#333333" : "#dddddd");
            svg.Text(Left - 8, y + 4, (tick * step).ToString("#,0.######", CultureInfo.InvariantCulture), "end");
        }
        svg.Line(Left, floor, Left, floor - plotHeight, "#333333");
    }
}
