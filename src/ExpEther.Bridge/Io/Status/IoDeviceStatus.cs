using ExpEther.Bridge.Io.Devices;
using ExpEther.Pcie;

namespace ExpEther.Bridge.Io.Status;

/// <summary>A device of the box as people ask for it.</summary>
public sealed record IoDeviceStatus
{
    public required string Name { get; init; }

    /// <summary>Its first function's routing ID on the device bus: of a shared device the physical function's.</summary>
    public required Rid Rid { get; init; }

    /// <summary>The last bus on which it has a function.</summary>
    public required int LastBus { get; init; }

    /// <summary>How many virtual functions there could be; 0 when the device is used as it is.</summary>
    public int TotalVfs { get; init; }

    /// <summary>How many there are.</summary>
    public int NumVfs { get; init; }

    public int FirstVfOffset { get; init; }

    public int VfStride { get; init; }

    /// <summary>ARI Capable Hierarchy as it was set.</summary>
    public bool AriCapableHierarchy { get; init; }

    /// <summary>System Page Size as it was set.</summary>
    public long PageBytes { get; init; }

    /// <summary>What stands in the way of its work, in words; empty: nothing does.</summary>
    public string Trouble { get; init; } = "";

    internal static IoDeviceStatus Of(BusDevice device)
    {
        var layout = device.SrIov;
        return new IoDeviceStatus
        {
            Name = device.Name,
            Rid = new Rid(device.Bus, 0, 0),
            LastBus = device.LastBus,
            TotalVfs = layout?.TotalVfs ?? 0,
            NumVfs = layout is null ? 0 : device.Functions.Count,
            FirstVfOffset = layout?.FirstVfOffset ?? 0,
            VfStride = layout?.VfStride ?? 0,
            AriCapableHierarchy = layout?.Ari ?? false,
            PageBytes = layout?.PageBytes ?? 0,
            Trouble = device.Device.HasFailed ? DeviceFence.Failure : "",
        };
    }
}
