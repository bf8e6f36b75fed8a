namespace ExpEther.Link.Taps;

/// <summary>Which way a TLP goes.</summary>
public enum TlpDirection : byte
{
    ToDevice = 0,
    ToHost = 1,
}
