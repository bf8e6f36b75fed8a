namespace ExpEther.Daemon.Config;

/// <summary>
/// What tells this machine from others, the same at every start (machine-id(5)). It is confidential: it is only ever hashed together with something
/// of ours.
/// </summary>
internal static class MachineIdentity
{
    private const int CharsMax = 64;

    private static readonly string[] Files = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

    /// <summary>Empty where the machine has none, as in many containers.</summary>
    public static string Text => Files.Select(Read).FirstOrDefault(text => text.Length > 0) ?? "";

    private static string Read(string file)
    {
        try
        {
            var text = File.ReadLines(file).FirstOrDefault("").Trim();
            return text.Length <= CharsMax && text.All(char.IsAsciiHexDigit) ? text : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
