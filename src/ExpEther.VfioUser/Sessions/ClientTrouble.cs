namespace ExpEther.VfioUser.Sessions;

/// <summary>What an operator should know of a client, with what to do.</summary>
/// <param name="Severity">Warning: it works, slower than it could. Error: something of it does not work.</param>
/// <param name="Text">For people.</param>
internal readonly record struct ClientTrouble(EventSeverity Severity, string Text);
