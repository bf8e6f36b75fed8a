namespace ExpEther.Qemu.Guests;

/// <summary>What QEMU's refusals of a device mean; it has one class of error for all of them, so its words are all there is to go by.</summary>
internal static class Refusal
{
    private const string NoBus = "Bus ";
    private const string NoDriver = "not a valid device model";
    private const string Occupied = "already occupied";
    private const string BeingUnplugged = "process of unplug";

    /// <summary>It stays so for as long as this QEMU runs.</summary>
    public static bool IsFinal(string words) =>
        words.StartsWith(NoBus, StringComparison.Ordinal) || words.Contains(NoDriver, StringComparison.Ordinal);

    /// <summary>Of device_del: the guest has been asked already, which is as good as yes.</summary>
    public static bool IsAskedAlready(string words) => words.Contains(BeingUnplugged, StringComparison.Ordinal);

    /// <summary>What a user can do.</summary>
    /// <param name="words">QEMU's.</param>
    /// <param name="port">The id of the port.</param>
    /// <param name="device">The id that a slot's device should have.</param>
    public static string RemedyFor(string words, string port, string device) =>
        words.StartsWith(NoBus, StringComparison.Ordinal) ? $"give the guest a port with id={port}, or name its port in the configuration"
        : words.Contains(NoDriver, StringComparison.Ordinal) ? "QEMU 10.1 or newer is needed, with vfio-user"
        : words.Contains(Occupied, StringComparison.Ordinal) ? $"something else sits in port {port}: take it out, or give it the id {device} if it is ours"
        : "it is tried again";
}
