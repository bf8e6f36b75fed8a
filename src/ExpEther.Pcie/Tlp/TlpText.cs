namespace ExpEther.Pcie.Tlp;

/// <summary>One line that tells a person what a TLP is; for logs and captures, not for the data path.</summary>
public static class TlpText
{
    public static string Describe(in TlpView tlp) => throw new NotImplementedException();

    /// <summary>Describes bytes, or says why they are no TLP.</summary>
    public static string Describe(ReadOnlySpan<byte> bytes) => throw new NotImplementedException();
}
