namespace ExpEther.Qemu;

/// <summary>The names by which QEMU and we know the parts of a slot, unless a configuration gives others.</summary>
public static class QemuNames
{
    /// <summary>QEMU's id of the port to plug into.</summary>
    public static string PortOf(int slot) => $"expether-port{slot}";

    /// <summary>QEMU's id of the device that is plugged.</summary>
    public static string DeviceOf(int slot) => $"expether-slot{slot}";

    /// <summary>File name of a slot's vfio-user socket.</summary>
    public static string SocketOf(int slot) => $"slot{slot}.sock";

    /// <summary>File name of the QMP socket.</summary>
    public const string Qmp = "qmp.sock";
}
