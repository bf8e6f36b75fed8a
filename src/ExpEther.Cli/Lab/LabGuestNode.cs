using ExpEther.Cli.Guests;

namespace ExpEther.Cli.Lab;

/// <summary>A guest of a running laboratory, with its host bridge.</summary>
/// <param name="options">How the guest is made.</param>
/// <param name="number">From 1.</param>
internal sealed class LabGuestNode(GuestOptions options, int number)
{
    private const int FirstVlan = 101;

    public string Name => Options.Name;

    public GuestOptions Options { get; } = options;

    public int Vlan => FirstVlan + number - 1;

    /// <summary>The virtual function that it gets first.</summary>
    public string Function => $"{LabConfig.Device}.vf{number}";

    /// <summary>Of its present life; null before its first.</summary>
    public Guest? Guest { get; set; }

    /// <summary>From the box's being asked to give the function to the guest's having its disk; zero before.</summary>
    public TimeSpan PlugTime { get; set; }

    public LabGuest Told => new(
        Name, Vlan, Function, (long)(Guest?.BootTime.TotalMilliseconds ?? 0), (long)PlugTime.TotalMilliseconds, Options.ConsoleSocket, Options.ShellSocket);
}
