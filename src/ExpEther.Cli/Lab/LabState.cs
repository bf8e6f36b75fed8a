using System.Text.Json;
using System.Text.Json.Serialization;
using ExpEther.Cli.Wiring;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Lab;

/// <summary>
/// Who is in a laboratory: a file, replaced as a whole when something changes, which is enough to find and end every process of it after whoever kept
/// it up was killed.
/// </summary>
internal sealed record LabState
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true, Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Of the machine's life in which it was written; the numbers mean nothing in another.</summary>
    public required string BootId { get; init; }

    /// <summary>Who keeps it up.</summary>
    public required ProcessIdentity Supervisor { get; init; }

    /// <summary>All is there; before, it is being made.</summary>
    public bool IsReady { get; init; }

    public string Transport { get; init; } = "";

    public string Accel { get; init; } = "";

    public IReadOnlyList<LabGuest> Guests { get; init; } = [];

    public IReadOnlyList<LabMember> Members { get; init; } = [];

    /// <summary>Whoever keeps it up still runs.</summary>
    [JsonIgnore]
    public bool IsUp => BootId == ProcessIdentity.BootId && Supervisor.IsAlive;

    /// <returns>Null: there is none, or nobody can read it.</returns>
    /// <exception cref="ControlException">It is another user's: processes would be ended, and sockets used, by its word.</exception>
    public static LabState? Read(LabPlace folder)
    {
        ControlTrust.CheckFile(folder.State);
        try
        {
            return JsonSerializer.Deserialize<LabState>(File.ReadAllText(folder.State), Format);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>The state of a laboratory that is up.</summary>
    /// <exception cref="LabFailure">It is not; the message says how to have it.</exception>
    public static LabState OfRunning(LabPlace folder) => Read(folder) switch
    {
        null => throw new LabFailure("lab-down", $"no laboratory is up in {folder.Path}", "start one: expether lab up"),
        { IsUp: false } => throw new LabFailure(
            "lab-killed", $"the laboratory in {folder.Path} was killed",
            "clear away what is left with `expether lab down`, or start it again with `expether lab up`"),
        { IsReady: false } => throw new LabFailure("lab-not-ready", $"the laboratory in {folder.Path} is still being made", "wait for `expether lab up`"),
        { } state => state,
    };

    public void Write(LabPlace folder)
    {
        var part = folder.State + ".part";
        File.WriteAllText(part, JsonSerializer.Serialize(this, Format));
        File.Move(part, folder.State, overwrite: true);
    }

    /// <summary>The guest of a name.</summary>
    /// <exception cref="LabFailure">There is none.</exception>
    public LabGuest Guest(string name) => Guests.FirstOrDefault(g => g.Name == name) ?? throw new LabFailure(
        "no-such-guest", $"no guest is called {name}", $"the guests are {string.Join(", ", Guests.Select(g => g.Name))}");

    /// <summary>Ends whatever of it still runs. Nothing else: a number that another process has by now is left alone.</summary>
    /// <returns>The names of those that ran.</returns>
    public async Task<IReadOnlyList<string>> KillAsync(CancellationToken cancel)
    {
        if (BootId != ProcessIdentity.BootId)
        {
            return [];
        }

        var killed = Members.Append(new LabMember("supervisor", "", LabRole.Cable, Supervisor)).Where(m => m.Process.Kill()).ToList();
        foreach (var member in killed)
        {
            if (!await member.Process.EndedAsync(TimeSpan.FromSeconds(LabLimits.EndSeconds), cancel))
            {
                throw new LabFailure("not-ended", $"{member.Name} (pid {member.Process.Pid}) does not end", "look at it with ps");
            }
        }

        return [.. killed.Select(m => m.Name)];
    }
}
