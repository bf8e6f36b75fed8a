using System.Diagnostics;
using System.Net.Sockets;
using ExpEther.Cli.Output;
using ExpEther.Cli.Wiring;
using Microsoft.Win32.SafeHandles;

namespace ExpEther.Cli.Guests;

/// <summary>
/// A guest's serial console on this terminal. The terminal is raw meanwhile (stty), so that Ctrl-C and the arrow keys reach the guest; Ctrl-] leaves.
/// Where stdin is no terminal, it is sent as it is, and its end leaves once the guest has been silent for a moment.
/// </summary>
internal static class GuestConsole
{
    /// <summary>Ctrl-], as of telnet.</summary>
    private const byte Leave = 0x1D;

    private const int SilenceMilliseconds = 1000;

    /// <exception cref="LabFailure">The guest does not run, or went away.</exception>
    public static async Task RunAsync(string name, string path, CancellationToken cancel)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
        }
        catch (SocketException e)
        {
            throw new LabFailure("guest-off", $"{name} does not run: {e.Message}", "see `expether lab status`");
        }

        var isTerminal = !Console.IsInputRedirected;
        var before = isTerminal ? await SttyAsync("-g") : "";
        await Console.Error.WriteLineAsync($"{name}'s console: Enter for a prompt, Ctrl-] leaves. If nothing comes, another has it open.");
        try
        {
            if (isTerminal)
            {
                await SttyAsync("raw", "-echo");
            }

            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var output = ShowAsync(socket, over.Token);
            var input = Task.Run(() => TypeAsync(socket, isTerminal, over.Token), CancellationToken.None);
            var first = await Task.WhenAny(output, input);
            if (first == output && !await output)
            {
                throw new LabFailure("guest-gone", $"{name} went away", "see `expether lab status`");
            }

            await over.CancelAsync();
        }
        finally
        {
            if (isTerminal)
            {
                await SttyAsync(before);
                await Console.Error.WriteLineAsync();
            }
        }
    }

    /// <returns>False: the guest went away.</returns>
    private static async Task<bool> ShowAsync(Socket socket, CancellationToken cancel)
    {
        await using var screen = StandardStream.Output();
        var buffer = new byte[4096];
        try
        {
            int got;
            while ((got = await socket.ReceiveAsync(buffer, SocketFlags.None, cancel)) > 0)
            {
                await screen.WriteAsync(buffer.AsMemory(0, got), cancel);
                await screen.FlushAsync(cancel);
            }
        }
        catch (SocketException)
        {
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }

        return false;
    }

    private static async Task TypeAsync(Socket socket, bool isTerminal, CancellationToken cancel)
    {
        // Not by Console: on a terminal that reads whole lines, with its own editing.
        using var stdin = new SafeFileHandle(0, ownsHandle: false);
        await using var keys = new FileStream(stdin, FileAccess.Read, bufferSize: 0);
        var buffer = new byte[256];
        int got;
        while ((got = keys.Read(buffer)) > 0)
        {
            var leave = isTerminal ? buffer.AsSpan(0, got).IndexOf(Leave) : -1;
            await socket.SendAsync(buffer.AsMemory(0, leave >= 0 ? leave : got), SocketFlags.None, cancel);
            if (leave >= 0)
            {
                return;
            }
        }

        // Input from a pipe has ended; no byte of a console says that its answer has.
        await Task.Delay(SilenceMilliseconds, cancel);
    }

    private static async Task<string> SttyAsync(params string[] arguments)
    {
        try
        {
            using var stty = Process.Start(new ProcessStartInfo("stty", arguments) { RedirectStandardOutput = true })!;
            var said = await stty.StandardOutput.ReadToEndAsync();
            await stty.WaitForExitAsync();
            return said.Trim();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new LabFailure("no-tool", $"stty cannot be run: {e.Message}", "install coreutils");
        }
    }
}
