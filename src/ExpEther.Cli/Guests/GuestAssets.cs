using System.Diagnostics;
using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Guests;

/// <summary>What guests are made of: a QEMU that speaks vfio-user, a stock kernel, an initramfs. The scripts in <c>lab/</c> get them (lab/README.md).</summary>
/// <param name="Folder">Where they are.</param>
internal sealed record GuestAssets(string Folder)
{
    public string Qemu => Path.Combine(Folder, "qemu-system-x86_64");

    public string Kernel => Path.Combine(Folder, "vmlinux");

    public string Initramfs => Path.Combine(Folder, "initramfs");

    public IEnumerable<string> Missing => new[] { Qemu, Kernel, Initramfs }.Where(file => !File.Exists(file));

    /// <summary>Where the scripts put them: the folder that EXPETHER_LAB_DIR names, else <c>artifacts/lab</c> of the clone; null outside of a clone.</summary>
    public static GuestAssets? Place
    {
        get
        {
            if (Environment.GetEnvironmentVariable("EXPETHER_LAB_DIR") is { Length: > 0 } named)
            {
                return new GuestAssets(Path.GetFullPath(named));
            }

            return OwnProgram.Clone is { } clone ? new GuestAssets(Path.Combine(clone, "artifacts", "lab")) : null;
        }
    }

    /// <summary>Those that are there, all of them; null: something is missing.</summary>
    public static GuestAssets? Existing => Place is { } place && !place.Missing.Any() ? place : null;

    /// <summary>Those that are there; what is missing is fetched and made first.</summary>
    /// <param name="say">Gets each line of the scripts'.</param>
    /// <param name="cancel">Ends the scripts; they go on where they were the next time.</param>
    /// <exception cref="LabFailure">They cannot be had; the message has the scripts' words.</exception>
    public static async Task<GuestAssets> GetAsync(Action<string> say, CancellationToken cancel)
    {
        if (Existing is { } there)
        {
            return there;
        }

        if (Place is not { } place || OwnProgram.Clone is not { } clone || Path.Combine(clone, "scripts", "setup") is var setup && !File.Exists(setup))
        {
            throw new LabFailure(
                "no-assets", Place is null
                    ? "the guests' QEMU, kernel and initramfs are made by a clone of the repository, and this program was not built in one"
                    : $"{string.Join(", ", Place.Missing)} is not there",
                "run `make lab-assets` in a clone, and name the folder with EXPETHER_LAB_DIR (it is artifacts/lab there)");
        }

        say($"getting what guests are made of into {place.Folder}: the first time takes a minute");
        var last = await RunAsync(setup, say, cancel);
        var missing = place.Missing.ToList();
        return missing.Count == 0
            ? place
            : throw new LabFailure("no-assets", $"{string.Join(", ", missing)} could not be had: {last}", "see the lines above, then run this again");
    }

    private static async Task<string> RunAsync(string setup, Action<string> say, CancellationToken cancel)
    {
        using var process = Process.Start(new ProcessStartInfo(setup, ["lab"]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var last = "";
        try
        {
            process.OutputDataReceived += (_, _) => { }; // nothing for a user; must be read
            process.BeginOutputReadLine();
            while (await process.StandardError.ReadLineAsync(cancel) is { } line)
            {
                say(line);
                last = line;
            }

            await process.WaitForExitAsync(cancel);
            return last;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
