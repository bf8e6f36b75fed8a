namespace ExpEther.Daemon.Control;

/// <summary>The commands of a daemon, by name.</summary>
public interface IControlCommands
{
    IReadOnlyCollection<string> Names { get; }

    /// <summary>Starts a command on the owner's scheduler. Only a name of <see cref="Names"/> is asked for.</summary>
    Task<ControlReply> RunAsync(string name, ControlCall call);
}
