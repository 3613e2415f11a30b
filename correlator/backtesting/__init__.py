"""A history played again as it became known: when would each finding have been raised, and did it change its mind?"""
