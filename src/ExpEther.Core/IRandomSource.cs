namespace ExpEther.Core;

/// <summary>Where random bytes come from: the operating system in a daemon, a seeded generator in tests and the simulator.</summary>
public interface IRandomSource
{
    void Fill(Span<byte> into);
}
