namespace ExpEther.Pcie.Tlp;

/// <summary>Why bytes are not a TLP that this fabric carries. A value: peers send what they like.</summary>
public enum TlpError : byte
{
    None,

    /// <summary>Fewer bytes than the header says.</summary>
    Truncated,

    /// <summary>More bytes than the header says.</summary>
    TrailingBytes,

    /// <summary>A Fmt and Type pair that PCIe 5.0 does not define.</summary>
    UnknownType,

    /// <summary>I/O space: not carried.</summary>
    IoUnsupported,

    /// <summary>Locked reads: not carried.</summary>
    LockedUnsupported,

    /// <summary>A local or end-end prefix that is not known here.</summary>
    UnknownPrefix,

    /// <summary>Byte enables against §2.2.5.</summary>
    BadByteEnables,

    /// <summary>A length that the kind does not allow (§2.2.7, §6.15.2), or more data than a completion's Byte Count.</summary>
    BadLength,

    /// <summary>A memory request that crosses 4 KB (§2.2.7).</summary>
    Crosses4K,

    /// <summary>A 4DW header with an address below 4 GB (§2.2.4.1), or an unaligned atomic.</summary>
    BadAddress,

    /// <summary>A field that the kind requires to be something else: a configuration request's TC or AT, a completion with data that failed.</summary>
    BadField,

    /// <summary>The digest (ECRC) does not match (§2.7.1).</summary>
    BadEcrc,

    /// <summary>An AT field other than "untranslated" (§2.2.4.1): ATS is not offered.</summary>
    TranslatedAddress,
}
