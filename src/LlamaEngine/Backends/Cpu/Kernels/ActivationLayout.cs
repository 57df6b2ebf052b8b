namespace LlamaEngine.Backends.Cpu.Kernels;

/// <summary>
/// Where 8-bit activations stand: blocks of rows, in them panels of 256 values, in them tiles of rows. So what is multiplied with
/// one unpacked panel of weights lies in one piece.
/// </summary>
internal readonly struct ActivationLayout
{
    /// <summary>Rows that share an unpacked panel of weights.</summary>
    public const int RowsPerBlock = 256;

    /// <summary>Values in a panel.</summary>
    public const int PanelValues = 256;

    private const int TilesPerBlock = RowsPerBlock / Step<Narrow>.TileRows;

    private readonly int _stepValues, _stepBytes;

    /// <summary>Lays out rows.</summary>
    /// <param name="rows">Rows; one row is a tile of its own, more are padded to whole tiles of four.</param>
    /// <param name="columns">Values in a row.</param>
    /// <param name="stepValues">Values in a step.</param>
    /// <param name="stepBytes">Bytes of a step of one row.</param>
    public ActivationLayout(int rows, int columns, int stepValues, int stepBytes)
    {
        Rows = rows;
        Columns = columns;
        TileRows = rows == 1 ? 1 : Step<Narrow>.TileRows;
        _stepValues = stepValues;
        _stepBytes = stepBytes * TileRows;
    }

    /// <summary>Rows.</summary>
    public int Rows { get; }

    /// <summary>Values in a row.</summary>
    public int Columns { get; }

    /// <summary>Rows in a tile: 1 or 4.</summary>
    public int TileRows { get; }

    /// <summary>Tiles of rows.</summary>
    public int Tiles => (Rows + TileRows - 1) / TileRows;

    /// <summary>Blocks of rows.</summary>
    public int RowBlocks => (Tiles + TilesPerBlock - 1) / TilesPerBlock;

    /// <summary>Bytes of all of it.</summary>
    public long Bytes => (long)Tiles * RowBytes;

    private int Steps => Columns / _stepValues;

    /// <summary>Bytes of one tile in a whole panel.</summary>
    public int PanelBytes => PanelValues / _stepValues * _stepBytes;

    private long RowBytes => (long)Steps * _stepBytes;

    /// <summary>Tiles in a block of rows.</summary>
    public int TilesIn(int rowBlock) => Math.Min(TilesPerBlock, Tiles - rowBlock * TilesPerBlock);

    /// <summary>Offset of a block of rows.</summary>
    public long BlockOffset(int rowBlock) => rowBlock * TilesPerBlock * RowBytes;

    /// <summary>Offset of a panel of a tile.</summary>
    public long Offset(int tile, int panel)
    {
        int rowBlock = tile / TilesPerBlock, inner = tile % TilesPerBlock, steps = Math.Min(PanelValues / _stepValues, Steps - panel * (PanelValues / _stepValues));
        return BlockOffset(rowBlock) + (long)panel * TilesIn(rowBlock) * PanelBytes + (long)inner * steps * _stepBytes;
    }
}
