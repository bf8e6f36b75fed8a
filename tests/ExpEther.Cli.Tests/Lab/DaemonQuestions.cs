using System.Text.Json.Nodes;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Tests.Lab;

/// <summary>Asks a daemon until it gives the answer that a test waits for.</summary>
internal static class DaemonQuestions
{
    /// <summary>Each question is a round trip to a process, so this neither spins nor sleeps.</summary>
    /// <param name="socket">The daemon's control socket; it may not be there yet.</param>
    /// <param name="command">Without arguments.</param>
    /// <param name="condition">What is waited for.</param>
    /// <param name="stillGood">Called before each question: throws when waiting has become vain.</param>
    public static async Task<JsonObject> UntilAsync(string socket, string command, Func<JsonObject, bool> condition, Action stillGood)
    {
        var cancel = TestContext.Current.CancellationToken;
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            stillGood();
            try
            {
                using var client = await ControlClient.ConnectAsync(socket, cancel);
                var answer = await client.CallAsync(command, cancel: cancel);
                if (condition(answer))
                {
                    return answer;
                }
            }
            catch (ControlException e) when (e.Error.Code == "not-reachable")
            {
                await Task.Yield(); // not yet there
            }
        }
    }
}
