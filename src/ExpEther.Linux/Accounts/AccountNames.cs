using System.Globalization;
using ExpEther.Linux.Native;

namespace ExpEther.Linux.Accounts;

/// <summary>Users and groups by name or number, from wherever this machine has them (NSS).</summary>
public static unsafe class AccountNames
{
    private const int TextBytes = 64 << 10;

    /// <returns>False: there is no such user. A number is taken as it is.</returns>
    public static bool TryFindUser(string name, out uint id)
    {
        if (uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out id))
        {
            return true;
        }

        var text = new byte[TextBytes];
        Passwd entry;
        Passwd* found = null;
        fixed (byte* buffer = text)
        {
            // A failure to look, as an empty result, leaves null: there is no such user as far as can be known.
            _ = Libc.getpwnam_r(name, &entry, buffer, (nuint)text.Length, &found);
        }

        id = found is null ? 0 : entry.UserId;
        return found is not null;
    }

    /// <returns>False: there is no such group. A number is taken as it is.</returns>
    public static bool TryFindGroup(string name, out uint id)
    {
        if (uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out id))
        {
            return true;
        }

        var text = new byte[TextBytes];
        Group entry;
        Group* found = null;
        fixed (byte* buffer = text)
        {
            _ = Libc.getgrnam_r(name, &entry, buffer, (nuint)text.Length, &found);
        }

        id = found is null ? 0 : entry.GroupId;
        return found is not null;
    }
}
