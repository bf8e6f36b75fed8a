namespace ExpEther.Pcie.Tlp;

/// <summary>Header bits that travel with a TLP and are not part of its meaning: traffic class, attributes, poison, digest (PCIe 5.0 §2.2.1).</summary>
[Flags]
public enum TlpAttributes : byte
{
    None = 0,
    NoSnoop = 1,
    RelaxedOrdering = 2,
    IdBasedOrdering = 4,

    /// <summary>EP: the data is poisoned (§2.7.2).</summary>
    Poisoned = 8,

    /// <summary>TD: a digest (ECRC) follows.</summary>
    Digest = 16,
}
