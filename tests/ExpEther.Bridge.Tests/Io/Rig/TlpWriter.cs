namespace ExpEther.Bridge.Tests.Io.Rig;

/// <summary>Writes one TLP.</summary>
/// <returns>Its length.</returns>
internal delegate int TlpWriter(Span<byte> into);
