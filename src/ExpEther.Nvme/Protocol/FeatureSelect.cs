namespace ExpEther.Nvme.Protocol;

/// <summary>SEL of Get Features (NVMe 1.4 §5.13).</summary>
public enum FeatureSelect : byte
{
    Current = 0,
    Default = 1,
    Saved = 2,
    SupportedCapabilities = 3,
}
