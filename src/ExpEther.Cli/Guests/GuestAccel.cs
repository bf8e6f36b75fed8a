using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Guests;

/// <summary>Whether guests run by KVM or are emulated (TCG).</summary>
internal static class GuestAccel
{
    public static readonly string[] Choices = ["auto", "kvm", "tcg"];

    /// <param name="wanted">One of <see cref="Choices"/>.</param>
    /// <param name="say">Gets a word when it has to be emulation.</param>
    /// <returns><c>kvm</c> or <c>tcg</c>.</returns>
    /// <exception cref="LabFailure">KVM was asked for and is not usable.</exception>
    public static string Choose(string wanted, Action<string> say)
    {
        if (wanted == "tcg")
        {
            return "tcg";
        }

        if (WhyNoKvm() is not { } why)
        {
            return "kvm";
        }

        if (wanted == "kvm")
        {
            throw new LabFailure("no-kvm", $"KVM cannot run guests here: {why}", "use --accel tcg (emulation, some ten times slower)");
        }

        say($"guests are emulated (TCG), some ten times slower than by KVM: {why}");
        return "tcg";
    }

    /// <summary>
    /// Null where KVM runs stock kernels. A /dev/kvm that opens is not enough: kvm_pvm has one without the processor's virtualization, and a stock
    /// kernel dies there.
    /// </summary>
    public static string? WhyNoKvm()
    {
        try
        {
            using var device = File.Open("/dev/kvm", FileMode.Open, FileAccess.ReadWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return File.Exists("/dev/kvm")
                ? $"/dev/kvm may not be opened by {Environment.UserName}; add that user to the group kvm"
                : "there is no /dev/kvm";
        }

        if (Directory.Exists("/sys/module/kvm_pvm"))
        {
            return "/dev/kvm is that of kvm_pvm, which cannot run stock kernels";
        }

        var flags = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal))?.Split(' ') ?? [];
        return flags.Contains("vmx") || flags.Contains("svm") ? null : "the processor shows no virtualization (neither vmx nor svm)";
    }
}
