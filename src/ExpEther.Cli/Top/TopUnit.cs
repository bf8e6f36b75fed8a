namespace ExpEther.Cli.Top;

/// <summary>How a figure of <c>top</c> is written.</summary>
internal enum TopUnit
{
    /// <summary>So many per second, or so many: 1234 is 1.23k.</summary>
    Number,

    /// <summary>Bytes per second: 1234000 is 1.23M.</summary>
    Bytes,

    /// <summary>Microseconds, one place behind the point.</summary>
    Microseconds,
}
