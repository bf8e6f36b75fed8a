namespace ExpEther.Bench.Lab;

/// <summary>One end of the bench's cables.</summary>
internal enum Side
{
    Host,
    Io,
}
