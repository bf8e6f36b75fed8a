namespace ExpEther.Link.Taps;

/// <summary>
/// Sees every TLP that passes a point, for a capture. Called on the owner's thread in the middle of the data path: it copies what it
/// wants, never waits, never throws, never calls back. Where none is set a TLP costs one comparison with null.
/// </summary>
public interface ITlpTap
{
    /// <param name="passage">Where it passes, which way, and whose it is.</param>
    /// <param name="tlp">The TLP as it is at this point; valid during the call only.</param>
    void OnTlp(in TlpPassage passage, ReadOnlySpan<byte> tlp);
}
