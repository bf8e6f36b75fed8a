using ExpEther.Cli.Guests;

namespace ExpEther.Lab.Tests.Lab;

/// <summary>Whether real guests can be had here. What is missing is fetched by <c>scripts/setup lab</c>, never by a test.</summary>
internal static class GuestAssumptions
{
    /// <summary>What guests are made of; the test is skipped where something of it is missing.</summary>
    public static GuestAssets AssetsOrSkip()
    {
        if (GuestAssets.Existing is { } assets)
        {
            return assets;
        }

        Assert.Skip(
            $"what guests are made of is missing: {string.Join(", ", GuestAssets.Place?.Missing ?? ["a clone of the repository"])}; "
            + "`make lab-assets` gets it, or EXPETHER_LAB_DIR names a folder that has it");
        throw new InvalidOperationException();
    }
}
