using ExpEther.Cli.Guests;
using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Lab;

/// <summary>What the user asked of a laboratory.</summary>
internal sealed record LabOptions
{
    public const int GuestsMax = 8;
    public const int VfsMax = 64;

    public int Guests { get; init; } = 2;

    public int MemoryMebibytes { get; init; } = GuestLimits.MemoryMebibytesDefault;

    /// <summary>One of <see cref="GuestAccel.Choices"/>.</summary>
    public string Accel { get; init; } = "auto";

    /// <summary>Of the cables, in bytes.</summary>
    public int MtuBytes { get; init; } = LabLimits.MtuBytes;

    public bool IsNativeHotplug { get; init; }

    /// <summary>Virtual functions of the one device; 0: one for each guest and two more.</summary>
    public int Vfs { get; init; }

    /// <summary>Null: the best that works here.</summary>
    public LabTransport? Transport { get; init; }

    public int VfCount => Vfs > 0 ? Vfs : Guests + 2;

    /// <summary>As arguments of the same options on another command line.</summary>
    public IReadOnlyList<string> ToArguments() =>
    [
        "--guests", $"{Guests}", "--memory", $"{MemoryMebibytes}", "--accel", Accel, "--mtu", $"{MtuBytes}", "--vfs", $"{Vfs}",
        .. IsNativeHotplug ? ["--native-hotplug"] : (string[])[],
        .. Transport is { } transport ? ["--transport", transport.Name] : (string[])[],
    ];
}
