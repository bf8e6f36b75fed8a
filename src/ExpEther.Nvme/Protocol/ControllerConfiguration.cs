namespace ExpEther.Nvme.Protocol;

/// <summary>CC (NVMe 1.4 §3.1.5). Fields as coded: MPS is 2^(12+n) bytes, IOSQES and IOCQES are powers of two.</summary>
public readonly record struct ControllerConfiguration(uint Value)
{
    public const uint EnableBit = 1;

    /// <summary>The bits that software may write.</summary>
    public const uint WritableMask = 0x00FF_FFF1;

    public bool En => (Value & EnableBit) != 0;

    public int Css => (int)(Value >> 4) & 7;

    public int Mps => (int)(Value >> 7) & 0xF;

    public int Ams => (int)(Value >> 11) & 7;

    public ShutdownNotification Shn => (ShutdownNotification)((Value >> 14) & 3);

    public int Iosqes => (int)(Value >> 16) & 0xF;

    public int Iocqes => (int)(Value >> 20) & 0xF;

    public int PageBytes => 4096 << Mps;

    /// <summary>An enabled NVM controller with 64 and 16 byte entries and round robin arbitration.</summary>
    public static ControllerConfiguration Enabled(int mps) => new(EnableBit | ((uint)mps << 7) | (6u << 16) | (4u << 20));

    public ControllerConfiguration With(ShutdownNotification shn) => new((Value & ~(3u << 14)) | ((uint)shn << 14));
}
