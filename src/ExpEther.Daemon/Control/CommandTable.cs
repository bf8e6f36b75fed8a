namespace ExpEther.Daemon.Control;

/// <summary>Commands by name, each a method on the owner's scheduler.</summary>
internal sealed class CommandTable : IControlCommands
{
    private readonly Dictionary<string, Func<ControlCall, Task<ControlReply>>> _commands = [];

    public CommandTable() => Add("help", call => Task.FromResult(call.Arguments.Mistake() ?? ControlReply.Ok(new()
    {
        ["commands"] = new System.Text.Json.Nodes.JsonArray([.. Names.Order(StringComparer.Ordinal).Select(name => (System.Text.Json.Nodes.JsonNode)name)]),
    })));

    public IReadOnlyCollection<string> Names => _commands.Keys;

    public void Add(string name, Func<ControlCall, Task<ControlReply>> command) => _commands.Add(name, command);

    /// <summary>A command that takes no arguments and answers at once.</summary>
    public void Add(string name, Func<System.Text.Json.Nodes.JsonObject> answer) =>
        Add(name, call => Task.FromResult(call.Arguments.Mistake() ?? ControlReply.Ok(answer())));

    public Task<ControlReply> RunAsync(string name, ControlCall call) => _commands[name](call);
}
