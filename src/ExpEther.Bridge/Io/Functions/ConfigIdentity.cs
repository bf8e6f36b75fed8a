using ExpEther.Pcie.Config;

namespace ExpEther.Bridge.Io.Functions;

/// <summary>
/// Tells one kind of function from another by a hash (FNV-1a, 64 bits) of its configuration space as after power-on and of its BARs' sizes:
/// a host that was given the one would not find its way in the other.
/// </summary>
internal static class ConfigIdentity
{
    private const ulong Prime = 1099511628211;

    public static ulong Of(EndpointConfig afterPowerOn)
    {
        var hash = 14695981039346656037;
        for (var register = 0; register < afterPowerOn.Space.Bytes; register += 4)
        {
            hash = (hash ^ afterPowerOn.Read(register)) * Prime;
        }

        foreach (var bar in afterPowerOn.Description.Bars)
        {
            hash = (hash ^ (uint)bar.Index) * Prime;
            hash = (hash ^ (ulong)bar.SizeBytes) * Prime;
        }

        return hash;
    }

    public static ulong With(ulong identity, ulong continuity) => ((identity * Prime) ^ continuity) * Prime;
}
