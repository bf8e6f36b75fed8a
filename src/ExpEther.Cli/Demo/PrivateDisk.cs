using System.Security.Cryptography;

namespace ExpEther.Cli.Demo;

/// <summary>A host's private namespace and what was last written to it, all of it.</summary>
/// <param name="Id">NSID.</param>
internal sealed record PrivateDisk(int Id)
{
    /// <summary>Of what the host wrote last; empty before it did.</summary>
    public string Sha256 { get; private set; } = "";

    /// <summary>New contents for all of it.</summary>
    public byte[] Fill()
    {
        var data = RandomNumberGenerator.GetBytes(DemoLimits.PrivateBytes);
        Sha256 = Convert.ToHexStringLower(SHA256.HashData(data));
        return data;
    }
}
